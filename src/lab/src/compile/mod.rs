//! Two ways to a blueprint that share nothing: from the neutral model, and from AWS documents.
