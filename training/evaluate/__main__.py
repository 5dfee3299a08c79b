"""``python -m training.evaluate``, see ``command``."""

from training.beginning import begin

if __name__ == "__main__":
    begin("training.evaluate.command")
