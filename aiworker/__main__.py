"""`python -m aiworker`."""

from aiworker.cli import main

if __name__ == "__main__":
    main()
