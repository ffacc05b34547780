"""`python -m parley` and the `parley` command."""

from parley.cli.command import main

if __name__ == "__main__":
    main()
