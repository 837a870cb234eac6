/**
 * Skips the tests of a suite where what they need is not installed, and says how to install it. In CI
 * nothing is skipped: there it is a failure.
 */
export function requires(available: boolean, install: string): void {
  before(function () {
    if (available) return
    if (process.env.CI) throw new Error(`needed in CI: ${install}`)
    console.log(`      skipped; to run it: ${install}`)
    this.skip()
  })
}
