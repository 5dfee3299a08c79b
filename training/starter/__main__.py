"""``python -m training.starter``, see ``command``."""

from training.beginning import begin

if __name__ == "__main__":
    begin("training.starter.command")
