/** Instantiations per procedure added: declared in a contract with its client, called, implemented. */
export declare function measureTypeCost(): {
  readonly contractAndClient: number
  readonly withCalls: number
  readonly withImplementation: number
}
