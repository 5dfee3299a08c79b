"""What a small shop answers, and what the database has of it."""

from __future__ import annotations

from supportbot.db.session import Database
from supportbot.knowledge import store
from supportbot.knowledge.entries import KnownEntry

DELIVERY = "Delivery takes three days."
FAQ = {
    DELIVERY: ["How long does delivery take?", "When will my parcel arrive?", "How fast do you deliver?"],
    "Use the form in your parcel.": ["How do I return an item?", "Can I send something back?", "Return policy?"],
    "We take cards and PayPal.": ["How can I pay?", "Which cards do you take?", "Do you accept PayPal?"],
    "Reset it on the sign-in page.": ["I forgot my password", "How do I reset my password?", "I can't sign in"],
}


async def entries(database: Database) -> dict[int, KnownEntry]:
    """Return all entries by their numbers."""
    async with database.read() as session:
        return {entry.id: entry for entry in await store.entries(session)}
