"""`python -m lifeloop` is the command line."""

from lifeloop.cli import main

if __name__ == "__main__":
    main()
