import { body, moduleOf, section } from '../encode-module.ts'
import { wat } from '../wat.ts'

/** A module that is to be refused, and the end of its error's message, from "at byte". */
export interface InvalidModule {
  readonly name: string
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly message: string
}

/** A module in the text format. */
export const text = (name: string, source: string, message: string): InvalidModule => ({
  name,
  bytes: wat(`(module ${source})`),
  message,
})
/** A function of the given type, `() -> ()` if there is none, behind definitions that its code may use. */
export const func = (name: string, source: string, message: string): InvalidModule =>
  text(
    name,
    `(type $p (func (param i32) (result i32))) (memory 1) (table $t 1 funcref) (table $x 1 externref)
    (global $c i32 (i32.const 1)) (global $g (mut i64) (i64.const 1)) (tag $e (param i32)) (data $d "a") (elem $s externref)
    (func $f (type $p) (local.get 0)) ${source}`,
    message,
  )
/** A module of these sections. */
export const raw = (name: string, message: string, ...sections: (readonly number[])[]): InvalidModule => ({
  name,
  bytes: moduleOf(...sections),
  message,
})
/** The type `() -> ()`. */
export const VOID: readonly number[] = [0x60, 0, 0]
/** One function of type 0, `() -> ()`, with this code; type 1 is `(i32) -> (i32)`. */
export const code = (name: string, message: string, ...bytes: readonly number[]): InvalidModule =>
  raw(
    name,
    message,
    section(1, VOID, [0x60, 1, 0x7f, 1, 0x7f]),
    section(3, [0]),
    section(5, [0, 1]),
    section(10, body(...bytes)),
  )
