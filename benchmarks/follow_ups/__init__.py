"""What comes of follow-ups in a thread, and which lines of chat are taken for questions.

The FAQs, the threads and the lines were written for this and lie beside it. The rules and tables were tuned on one
set ("tuned"). Another ("unseen") was written before there was any rule, and a third of threads ("later") before
the rule was last made stricter. One foreign thread of each of these two led to a rule, so neither is wholly unseen
any more. A further set of lines ("hard") is at the edge: what colleagues ask the room, and what people ask in
keywords.
"""
