"""For other programs: a running gateway's search as a retriever of their framework. They need its address and a key."""
