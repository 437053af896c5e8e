"""The database: transactions, connections, prepared statements, tenant context, ids, days."""
