"""Jobs: trainings, evaluations and publications that operators start from the console.

A job is a process of its own. It ends neither with the page nor with the daemon that started it: whoever looks
later reads from its folder how far it is, and how it ended. A file lock says that it lives, so no number of a
process that is somebody else's by now is taken for it. One job at a time runs on a database.
"""
