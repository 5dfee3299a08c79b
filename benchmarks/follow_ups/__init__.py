"""How follow-ups in a thread are answered, and which lines of chat count as questions.

The FAQs, the threads and the lines were written for this and are beside it. One half of each was used to tune the
rules and tables; the other ("unseen") was written first, and nobody looked at its errors. A third set of lines
("hard") has only borderline ones: what colleagues ask the room, and what people ask in keywords.
"""
