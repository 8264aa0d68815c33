"""One run from request to record: plan, folder, execution, recording."""
