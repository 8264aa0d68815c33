"""The command line: typer commands, and the only place that prints. Each command imports its work inside its body."""
