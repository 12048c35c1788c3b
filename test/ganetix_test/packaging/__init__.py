"""What an administrator gets who installs the wheel, looked at from a neutral directory."""
