import { act, createElement, type FunctionComponent, StrictMode } from 'react'
import { createRoot, type Root } from 'react-dom/client'

/** A page of a test with one component in it, in strict mode: what it renders twice has to hold. */
export class ReactPage<Props extends object> {
  readonly #component: FunctionComponent<Props>
  readonly #root: Root
  readonly element: HTMLElement = document.createElement('div')

  private constructor(component: FunctionComponent<Props>) {
    ;(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true
    this.#component = component
    this.#root = createRoot(this.element)
  }

  static async open<Props extends object>(
    component: FunctionComponent<Props>,
    props: Props,
  ): Promise<ReactPage<Props>> {
    const page = new ReactPage(component)
    await page.render(props)
    return page
  }

  async render(props: Props): Promise<void> {
    await act(async () => this.#root.render(createElement(StrictMode, null, createElement(this.#component, props))))
  }

  /** Renders what has changed until the condition holds. */
  async until(condition: () => boolean): Promise<void> {
    const deadline = performance.now() + 4000
    while (!condition()) {
      if (performance.now() > deadline) throw new Error(`It never came to that: ${this.element.textContent}`)
      await act(() => new Promise((resolve) => setTimeout(resolve, 5)))
    }
  }

  async close(): Promise<void> {
    await act(async () => this.#root.unmount())
  }
}
