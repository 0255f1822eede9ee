"""Each fault of tests/mutants/mutants.py, put into a copy of the product, makes a test fail."""

import pytest

from mutants.mutants import MUTANTS, Mutant, killed_by


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name.replace(" ", "_") for mutant in MUTANTS])
def test_it_does_not_survive(mutant: Mutant) -> None:
    assert killed_by(mutant), f"{mutant.name} in {mutant.file} survives {mutant.tests} -k {mutant.named}"


def test_no_two_are_the_same_fault() -> None:
    assert len({(mutant.file, mutant.old, mutant.new) for mutant in MUTANTS}) == len(MUTANTS)
