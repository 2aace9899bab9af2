import { execFile, spawn } from 'node:child_process'
import { readlink } from 'node:fs/promises'
import { promisify } from 'node:util'
import { eventually } from '../support/wait.js'

const run = promisify(execFile)

const SUBNET = '10.77.0'
/** This process's own address, at which pods reach what it serves. */
export const NODE_IP = `${SUBNET}.1`

/** A pod's network namespace, and the process that keeps it. */
export interface PodNetwork {
  readonly ip: string
  readonly pid: number
  remove(): void
}

/** A network of pods within the network namespace that this process runs in, which must be one of its own. */
export class Network {
  #pods = 0

  static async create(): Promise<Network> {
    await run('ip', ['link', 'set', 'lo', 'up'])
    await run('ip', ['link', 'add', 'pods', 'type', 'bridge'])
    await run('ip', ['addr', 'add', `${NODE_IP}/24`, 'dev', 'pods'])
    await run('ip', ['link', 'set', 'pods', 'up'])
    return new Network()
  }

  /** A new namespace with an address of its own. */
  async addPod(): Promise<PodNetwork> {
    this.#pods += 1
    const number = this.#pods
    const ip = `${SUBNET}.${number + 1}`
    const keeper = spawn('unshare', ['--net', 'sleep', 'infinity'], { stdio: 'ignore' })
    const pid = keeper.pid ?? 0
    const ours = await readlink('/proc/self/ns/net')
    await eventually(async () => (await readlink(`/proc/${pid}/ns/net`)) !== ours, 'the pod has a network of its own')
    const inside = (...args: string[]) => run('nsenter', ['--target', String(pid), '--net', 'ip', ...args])
    const name = `pod${number}`
    await run('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid)])
    await run('ip', ['link', 'set', name, 'master', 'pods', 'up'])
    await inside('link', 'set', 'lo', 'up')
    await inside('addr', 'add', `${ip}/24`, 'dev', 'eth0')
    await inside('link', 'set', 'eth0', 'up')
    return { ip, pid, remove: () => keeper.kill('SIGKILL') }
  }
}
