"""The nemesis of the server: kills, full disks, restarts, a killed PostgreSQL; and faulty builds."""
