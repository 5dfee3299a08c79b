"""``python -m bot``: the daemon, see ``bot.daemon``."""

import gc

if __name__ == "__main__":
    # Imported modules are never garbage, and looking for some took a sixth of the time. The daemon enables it when
    # ready.
    gc.disable()
    from bot.daemon import main

    main()
