"""What people ask a boat hire on a lake, and what it says: the texts of the pictures, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

NAME = "Elm Lake Boats"
ADMIN, CURATOR, VIEWER = "Ines Falk", "Marek Olsen", "Priya Nair"

FAQ: Mapping[str, tuple[str, ...]] = {
    "The **deposit is 50 euros** a boat, in cash or by card. You get it back when the boat is ashore again.": (
        "Is there a deposit?",
        "how much is the deposit for a kayak",
        "do I have to leave money as security",
    ),
    "We open at **9 am from April to October** and close an hour before sunset. In winter we are closed.": (
        "When are you open?",
        "what are your opening hours",
        "are you open in winter",
        "until when can I bring the boat back",
    ),
    "Yes: **two adults and one child** up to 25 kg fit into a canoe. Life jackets are free.": (
        "How many people fit into a canoe?",
        "can a child sit in the middle of the canoe",
    ),
    "You can move a booking free of charge until 6 pm of the day before, with the link in your confirmation.": (
        "Can I change my booking?",
        "how do I move my booking to another day",
        "we want to come on sunday instead",
    ),
    "If there is a storm warning we call you and you get your money back, or another day, as you like.": (
        "What happens if the weather is bad?",
        "do I get my money back when it storms",
    ),
    "Dogs are welcome in canoes and rowing boats, not in kayaks. Bring a towel to sit on.": (
        "May I bring my dog?",
        "are dogs allowed in the boats",
    ),
    "Waterproof bags of 20 litres cost 3 euros a day, at the counter.": (
        "Do you hire out dry bags?",
        "where do I leave my phone while paddling",
    ),
    "Parking is free behind the boathouse. The last bus stop is *Elm Lake Pier*, line 14.": (
        "Where can I park?",
        "how do I get to you by bus",
    ),
    "Lessons for beginners are on Saturdays at 10 am, **two hours for 35 euros**, boat and jacket included.": (
        "Do you give kayak lessons?",
        "is there a course for beginners",
    ),
    "No licence is needed for electric boats on Elm Lake. The skipper has to be 18.": (
        "Do I need a licence for the electric boat?",
        "how old must I be for the electric boat",
    ),
}
"""Answers that were approved, each with its wordings."""

GAPS: tuple[tuple[str, ...], ...] = (
    ("do you rent wetsuits", "can I hire a wetsuit for my son", "wetsuit rental?", "wetsuits in size S?"),
    ("can we pay with a voucher", "do you take gift vouchers", "I got a voucher, where do I redeem it"),
    ("is there a guided evening tour", "do you offer guided tours in the evening"),
)
"""What people asked and did not get, each in their own words."""

CORRECTIONS: tuple[tuple[str, str, str], ...] = (
    (
        "Can I stay out with the kayak overnight?",
        "Yes, you can keep the kayak for as long as you like.",
        "No. Boats have to be ashore an hour before sunset; camping on the islands is not allowed.",
    ),
    (
        "How long does it take to the waterfall?",
        "The waterfall is about ten minutes away.",
        "About 50 minutes by canoe from the boathouse, a little less in a kayak.",
    ),
)
"""Questions, what a model answered, and what somebody said that it should have been."""

HUMAN: tuple[tuple[str, str], ...] = (
    ("Can I get an invoice for our company outing?", "Yes: write to us within a week and name the booking."),
    ("Do you have a boat that takes a wheelchair?", "The big rowing boat does; call us, and we put up the ramp."),
)
"""Questions that the bot was not sure about, and what a colleague answered."""

GENERATED: tuple[tuple[str, str], ...] = (
    ("Which paddle do I need?", "The counter gives you a paddle of the right length with each boat."),
    ("Is the lake good for beginners?", "Yes. The bay in front of the boathouse is calm, without motor boats."),
    ("can I swim from the boat", "You can swim everywhere but in the reeds and within 50 metres of the weir."),
    ("Are there toilets on the way?", "There are toilets at the boathouse and on Heron Island."),
)
"""What the model wrote on its own."""

ONCE = (
    "do you sell ice cream",
    "is the weir dangerous",
    "can we moor at the castle",
    "which fish live in the lake",
    "may we fly a drone over the lake",
)
"""What one person asked, and the bot was not sure."""
