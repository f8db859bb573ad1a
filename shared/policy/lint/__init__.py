"""What can be found wrong with a policy that reads well; each module looks at one side of it."""
