"""`python -m plip` is the command `plip`."""

from plip.cli import main

if __name__ == "__main__":
    main()
