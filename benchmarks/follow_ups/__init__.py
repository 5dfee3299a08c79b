"""What comes of follow-ups in a thread, and which lines of chat are taken for questions.

The FAQs, the threads and the lines were written for this and lie beside it. One half of each was used to tune the
rules and tables; the other ("unseen") was written first, and nobody looked at what goes wrong there. A third set
of lines ("hard") has only such as lie at the edge: what colleagues ask the room, and what people ask in keywords.
"""
