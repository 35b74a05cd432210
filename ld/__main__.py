"""``python -m ld`` is ``thesis-ld``."""

from ld.cli import main

if __name__ == "__main__":
    main()
