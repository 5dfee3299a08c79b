"""How follow-ups in a thread are answered, and which lines of chat count as questions.

The FAQs, the threads and the lines were written for this and are beside it. The rules and tables were tuned on one
set ("tuned"). Another ("unseen") was written before there was any rule, and a third set of threads ("later")
before the latest change. One foreign thread of each of these two led to a rule, so neither is fully unseen any
more. A further set of lines ("hard") is borderline: what colleagues ask the room, and what people ask in keywords.
"""
