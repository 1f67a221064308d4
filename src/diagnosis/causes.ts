/** Rule -> the rules whose findings it brings about. The earlier a rule stands, the nearer it is to a root. */
export type Causes = Readonly<Record<string, readonly string[]>>;
