import * as z from "zod";

// zod would otherwise compile its checks with `new Function`, which the server's content security
// policy refuses. It decides when a schema is made, so this must be imported before any schema.
z.config({ jitless: true });
