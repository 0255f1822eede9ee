"""Options that several commands share."""

from typing import Annotated

import typer

Cloud = Annotated[
    str, typer.Option(help="local, aws, or auto: the local cloud while it is up, else AWS", envvar="DAYBREAK_CLOUD")
]
StackName = Annotated[str, typer.Option("--stack", help="Name of the deployed stack", envvar="DAYBREAK_STACK")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines")]
