"""Who a lead is and where it belongs: persons, accounts and open opportunities, pure and for whole batches."""
