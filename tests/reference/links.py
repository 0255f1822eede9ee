"""Who is who: the links between ids, followed in order of time.

An identify call joins its anonymous id with its user id, an alias call the previous id with the user id; an event that only
names both ids joins nothing. The rule, for one link after the other:

1. If both ids are one person already, there is nothing to do: the link repeats another one, or would close a ring.
2. If the joined id belongs to somebody else, it stays there: two people who share a browser stay apart. An alias of an id
   that is a user itself (any of the links says of some id that it is this user) joins nevertheless: it names two users.
3. If both people have signed in, the link is not followed but listed, unless `merge_signed_in` is set.
4. Otherwise the joined id, with all ids that belong to it, belongs to the user from now on, also for the past.

A person has signed in once an identify call has named two ids that are this one person. So an anonymous id that belongs to
somebody else signs nobody in, and neither does an alias.

Links of one instant: identify calls come before alias calls, then the smaller ids come first.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, order=True)
class Link:
    """The id `joined` is said to be the same person as the id `user`. The fields are in the order in which links count."""

    at: datetime
    is_alias: bool
    joined: str
    user: str


@dataclass
class People:
    """Which id belongs to which, and who has signed in.

    `not_followed` has the links that would have made one person of two who have both signed in: both ids, and when it was
    first said.
    """

    owner: dict[str, str] = field(default_factory=dict)
    signed_in: set[str] = field(default_factory=set)
    not_followed: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def person(self, who: str) -> str:
        """The id at the end of the chain, which stands for the person."""
        return self.person(self.owner[who]) if who in self.owner else who


def people(links: Iterable[Link], until: datetime, *, merge_signed_in: bool = False) -> People:
    """Follow the links before `until`."""
    found = People()
    counted = sorted(link for link in links if link.at < until and link.joined != link.user)
    users = {link.user for link in counted}
    for link in counted:
        joined, user = found.person(link.joined), found.person(link.user)
        both_signed_in = {joined, user} <= found.signed_in
        belongs_to_somebody = link.joined in found.owner and not (link.is_alias and link.joined in users)
        if joined != user and not belongs_to_somebody:
            if both_signed_in and not merge_signed_in:
                found.not_followed.setdefault((link.joined, link.user), link.at)
                continue
            found.owner[joined] = link.user
            if joined in found.signed_in:
                found.signed_in.add(user)
        if not link.is_alias and found.person(link.joined) == found.person(link.user):
            found.signed_in.add(found.person(link.user))
    return found
