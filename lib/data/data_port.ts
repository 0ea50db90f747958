/**
 * The data connection that PASV, EPSV, PORT or EPRT chose, behind one type: who connects to whom is no matter of the transfer.
 *
 * @module
 */

export { type ActiveOptions, connectActive } from "./active_port.ts";
export { type DataPort, DataPortError, type DataPortFailure } from "./opening.ts";
export { listenPassive, type PassiveOptions } from "./passive_port.ts";
