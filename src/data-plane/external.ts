import { checkAddress } from '../platform/address.js'
import type { Logger } from '../platform/log.js'
import type { Route } from '../routing/route.js'
import type { ExternalSettings } from '../settings/external.js'
import type { AdsListening } from '../xds/server.js'
import type { WaitPolicy } from '../xds/wait-policy.js'
import { ANY_ENVOYS, ENVOYS_OF_FLEET } from '../xds/wait-policy.js'
import type { DataPlane } from './data-plane.js'

/** Owner and group: the control plane and Envoy may run as different users of one group. */
const SOCKET_MODE = 0o660

/** Any number of Envoys that the operator runs. */
export class ExternalDataPlane implements DataPlane {
  readonly xds: AdsListening
  readonly waitPolicy: WaitPolicy
  readonly connectionsAt = 'info'
  readonly recoverable = false
  readonly #log: Logger

  private constructor({ address, tls }: ExternalSettings, canMove: boolean, log: Logger) {
    this.waitPolicy = canMove ? ENVOYS_OF_FLEET : ANY_ENVOYS
    this.xds = { address, tls, mode: SOCKET_MODE }
    this.#log = log
  }

  /**
   * @param canMove whether Envoys can connect to another control plane of the same routes
   * @throws FatalError if the address that Envoys connect to is not free
   */
  static async prepare(settings: ExternalSettings, canMove: boolean, log: Logger): Promise<ExternalDataPlane> {
    await checkAddress('The control plane', settings.address)
    return new ExternalDataPlane(settings, canMove, log)
  }

  async recover(): Promise<Route[]> {
    return []
  }

  /** Only logged: this may affect one Envoy alone, such as one whose port is taken, and the others keep serving. */
  onUnusable(message: string): void {
    this.#log.error(message)
  }

  /** Their admin interfaces are not within reach. */
  async requestsOf(): Promise<undefined> {}

  async reopenAccessLog(): Promise<void> {
    this.#log.warn('The access log is not opened again here: send SIGUSR1 to each Envoy, where it runs')
  }

  async serve(): Promise<boolean> {
    this.#log.info('Waiting for Envoys. Until one is connected, changes are stored and answered at once')
    return true
  }
}
