;; Modules as bytes. The second calls through a typed reference, which the text compiler here does not know.
(module binary "\00asm" "\01\00\00\00"
  "\01\05\01\60\00\01\7f" "\03\02\01\00" "\07\05\01\01f\00\00" "\0a\06\01\04\00\41\07\0b")
(assert_return (invoke "f") (i32.const 7))

(module binary "\00asm" "\01\00\00\00"
  "\01\06\01\60\01\7f\01\7f"                  ;; (type (func (param i32) (result i32)))
  "\03\03\02\00\00"
  "\07\07\01\03run\00\01"
  "\09\05\01\03\00\01\00"                     ;; (elem declare func 0)
  "\0a\12\02"
  "\07\00\20\00\41\02\6c\0b"                  ;; local 0 * 2
  "\08\00\20\00\d2\00\14\00\0b")              ;; (call_ref 0 (local.get 0) (ref.func 0))
(assert_return (invoke "run" (i32.const 21)) (i32.const 42))

(assert_malformed (module binary "\00asm" "\02\00\00\00") "unknown binary version")
(assert_malformed (module binary "\00asm" "\01\00\00\00" "\01\05\01\60\00\01") "unexpected end")
(assert_malformed (module binary "\00asm" "\01\00\00\00" "\0f\00") "malformed section id")
(assert_malformed (module binary "\00asm" "\01\00\00\00" "\03\02\01\00" "\01\04\01\60\00\00") "unexpected content")
(assert_malformed (module quote "(func (i32.const 0x))") "unknown operator")
