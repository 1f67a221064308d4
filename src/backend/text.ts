/** What was thrown, in words. */
export const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));
