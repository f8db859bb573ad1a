"""PostgreSQL: engine, transaction, migrations, and policies as stored versions."""
