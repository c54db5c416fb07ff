"""Runs on disk: folders, frames, checkpoints, jobs that train them, exports."""
