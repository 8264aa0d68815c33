"""The command line: typer commands. Only this package prints, and every command imports what it needs inside its body."""
