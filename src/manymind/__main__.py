"""`python -m manymind`."""

from manymind.cli.main import main

if __name__ == "__main__":
    main()
