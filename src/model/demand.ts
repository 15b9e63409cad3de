/** One demand and whether it holds here. */
export interface DemandVerdict {
  readonly demand: { readonly kind: "capability" | "guarantee" | "isolation" | "strategy"; readonly id: string };
  readonly result: "holds" | "degraded" | "fails" | "unknown";
  /** One line: what it rests on, or why it does not hold. */
  readonly because: string;
  /** Id of the capability behind it, where there is one. */
  readonly capability?: string | undefined;
}
