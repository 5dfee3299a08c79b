"""``python -m training.publish``, see ``command``."""

from training.beginning import begin

if __name__ == "__main__":
    begin("training.publish.command")
