// libcrypto's symbol table; see libssl.ts.

export const LIBCRYPTO = {
  BIO_s_mem: { parameters: [], result: "pointer" }, // const BIO_METHOD *(void)
  BIO_new: { parameters: ["pointer"], result: "pointer" }, // BIO *(const BIO_METHOD *)
  BIO_free: { parameters: ["pointer"], result: "i32" },
  BIO_up_ref: { parameters: ["pointer"], result: "i32" },
  // int (BIO *, void *, int)
  BIO_read: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  BIO_write: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  // long (BIO *, int cmd, long larg, void *parg)
  BIO_ctrl: { parameters: ["pointer", "i32", "i64", "buffer"], result: "i64" },
  BIO_ctrl_pending: { parameters: ["pointer"], result: "u32" },

  ERR_peek_last_error: { parameters: [], result: "u64" },
  ERR_clear_error: { parameters: [], result: "void" },
  ERR_reason_error_string: { parameters: ["u64"], result: "pointer" }, // const char *(unsigned long)

  // X509 *(BIO *, X509 **, pem_password_cb *, void *)
  PEM_read_bio_X509: { parameters: ["pointer", "pointer", "pointer", "buffer"], result: "pointer" },
  PEM_read_bio_X509_AUX: { parameters: ["pointer", "pointer", "pointer", "buffer"], result: "pointer" },
  PEM_read_bio_X509_CRL: { parameters: ["pointer", "pointer", "pointer", "buffer"], result: "pointer" },
  PEM_read_bio_PrivateKey: { parameters: ["pointer", "pointer", "pointer", "buffer"], result: "pointer" },
  // EVP_PKEY *(BIO *, EVP_PKEY **)
  PEM_read_bio_Parameters: { parameters: ["pointer", "pointer"], result: "pointer" },
  d2i_X509_bio: { parameters: ["pointer", "pointer"], result: "pointer" }, // X509 *(BIO *, X509 **)
  i2d_X509_bio: { parameters: ["pointer", "pointer"], result: "i32" }, // int (BIO *, const X509 *)
  X509_free: { parameters: ["pointer"], result: "void" },
  X509_CRL_free: { parameters: ["pointer"], result: "void" },
  EVP_PKEY_free: { parameters: ["pointer"], result: "void" },
  EVP_PKEY_is_a: { parameters: ["pointer", "buffer"], result: "i32" }, // int (const EVP_PKEY *, const char *)
  X509_check_private_key: { parameters: ["pointer", "pointer"], result: "i32" }, // int (const X509 *, const EVP_PKEY *)
  X509_check_ca: { parameters: ["pointer"], result: "i32" },
  X509_verify_cert_error_string: { parameters: ["i64"], result: "pointer" }, // const char *(long)

  X509_STORE_add_cert: { parameters: ["pointer", "pointer"], result: "i32" }, // int (X509_STORE *, X509 *)
  X509_STORE_add_crl: { parameters: ["pointer", "pointer"], result: "i32" },
  X509_STORE_load_file: { parameters: ["pointer", "buffer"], result: "i32" }, // int (X509_STORE *, const char *)
  X509_STORE_load_path: { parameters: ["pointer", "buffer"], result: "i32" },
  X509_STORE_get0_objects: { parameters: ["pointer"], result: "pointer" }, // STACK_OF(X509_OBJECT) *(const X509_STORE *)
  X509_OBJECT_get_type: { parameters: ["pointer"], result: "i32" },
  X509_OBJECT_get0_X509: { parameters: ["pointer"], result: "pointer" },
  X509_get_default_cert_file: { parameters: [], result: "pointer" }, // const char *(void)
  X509_get_default_cert_dir: { parameters: [], result: "pointer" },
  X509_get_default_cert_file_env: { parameters: [], result: "pointer" },
  X509_get_default_cert_dir_env: { parameters: [], result: "pointer" },

  // int (X509_VERIFY_PARAM *, unsigned long)
  X509_VERIFY_PARAM_set_flags: { parameters: ["pointer", "u64"], result: "i32" },
  X509_VERIFY_PARAM_clear_flags: { parameters: ["pointer", "u64"], result: "i32" },
  X509_VERIFY_PARAM_get_flags: { parameters: ["pointer"], result: "u64" },
  X509_VERIFY_PARAM_set_hostflags: { parameters: ["pointer", "u32"], result: "void" },
  // int (X509_VERIFY_PARAM *, const char *, size_t)
  X509_VERIFY_PARAM_set1_host: { parameters: ["pointer", "buffer", "u32"], result: "i32" },
  // int (X509_VERIFY_PARAM *, const char *)
  X509_VERIFY_PARAM_set1_ip_asc: { parameters: ["pointer", "buffer"], result: "i32" },

  OPENSSL_sk_num: { parameters: ["pointer"], result: "i32" }, // int (const OPENSSL_STACK *)
  OPENSSL_sk_value: { parameters: ["pointer", "i32"], result: "pointer" },
  OBJ_sn2nid: { parameters: ["buffer"], result: "i32" }, // int (const char *)
  OBJ_nid2ln: { parameters: ["i32"], result: "pointer" }, // const char *(int)
  OpenSSL_version: { parameters: ["i32"], result: "pointer" }, // const char *(int)
  OpenSSL_version_num: { parameters: [], result: "u64" },
} as const;
