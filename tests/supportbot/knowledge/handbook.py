"""The handbook of a climbing hall that does not exist, as a Markdown file, with questions that it answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from supportbot.db.session import Database
from supportbot.feedback.curation.documents.learning import Learned, prepare

SECTIONS: Mapping[str, str] = {
    "Parking": "Cars stand behind the hall. The first three hours are free, each further hour costs 2 euros.",
    "Lost property": "What is found lies at the desk for a month. After that it goes to the town's office.",
    "Birthday parties": "A party is for up to twelve children, with a trainer, and is booked two weeks ahead.",
    "Dogs": "Dogs are welcome in the café. They may not come into the hall, for the ropes' sake.",
    "Wheelchair access": "There is a lift at the north door, and one changing room without steps.",
    "Broken holds": "Report a loose hold at the desk at once. The route is closed until it is fixed.",
    "Photos and filming": "Photos for yourself are fine. Filming for money needs a permit, seven days ahead.",
    "Chalk": "Use liquid chalk or a chalk ball. Loose chalk is not allowed, because of the air.",
    "Vouchers": "A voucher is valid for three years and is never paid out in cash.",
    "Showers and lockers": "Showers are included. A locker takes a 1 euro coin, and is emptied each night.",
    "Route setting": "New routes are set on the first Monday of a month. The wall in question is closed then.",
    "Food and drinks": "Own food may be eaten in the yard only. The café has soup, cake and coffee.",
    "First aid": "The kit hangs beside the desk. Each trainer on duty is a trained first aider.",
    "Children without parents": "From the age of 14 children climb alone with a signed form of a parent.",
}
ASKED: Mapping[str, str] = {
    "where do I park, is that free": "Parking",
    "how long is a gift voucher good for": "Vouchers",
    "can my dog come along": "Dogs",
}
FOREIGN = ("what is the capital of mongolia", "how do I bake sourdough bread", "who won the world cup in 1998")


def written(folder: Path, sections: Mapping[str, str] = SECTIONS) -> Path:
    """Return the file of a handbook."""
    path = folder / "handbook.md"
    path.write_text("\n\n".join(f"## {heading}\n\n{text}" for heading, text in sections.items()), "utf-8")
    return path


async def learn(database: Database, path: Path) -> Learned:
    """Learn from it, as the command does when somebody says yes."""
    return await (await prepare(database, [str(path)])).write()
