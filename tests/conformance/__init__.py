"""Tests against parts that other people wrote: the official UCP models, a conformance kit, Shopify's own client."""
