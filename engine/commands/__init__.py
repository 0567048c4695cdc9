"""The commands of the command line, one a module; ``cli.py`` loads the one that is called."""
