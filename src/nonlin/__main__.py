"""``python -m nonlin`` is ``nonlin``."""

from nonlin.cli import main

if __name__ == "__main__":
    main()
