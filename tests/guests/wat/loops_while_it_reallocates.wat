;; The host is handing the input over, and the guest never takes it.
(module
  (memory (export "memory") 1)
  ;; manifest
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (loop $again (br $again)) unreachable)
  (func (export "wharf:provider/plugin@0.1.0#describe") (result i32) (i32.const 1024))
  (func (export "wharf:provider/plugin@0.1.0#invoke") (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
    (i32.store (i32.const 512) (i32.const 0))
    (i32.store (i32.const 516) (i32.const 560))
    (i32.store (i32.const 520) (i32.const 2))
    (i32.store (i32.const 560) (i32.const 0x7d7b))
    (i32.const 512))
)
